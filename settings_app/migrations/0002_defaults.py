"""A fresh database has its switches, and a template of each agreement so that the client has something to show."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.utils import timezone

VERSION = "1.0-template"
DEFAULTS = {"mnp_auto_wechat_auth": True, "mnp_wechat_auth": True, "coerce_mobile": False}
NOTICE = (
    "<p><strong>【模板】本文为占位模板，不构成正式协议。"
    "上线前请由运营方替换【】中的内容，经法务审核后发布新版本。</strong></p>"
)

SERVICE = f"""{NOTICE}
<h2>一、协议范围</h2>
<p>本协议由您与【运营主体全称】（以下简称“我们”）就使用【小程序名称】（以下简称“本小程序”）订立。您登录本小程序前，应阅读并同意本协议。</p>
<h2>二、账号</h2>
<p>1. 您通过微信授权登录本小程序。首次授权登录时，我们为您创建账号，并请您填写昵称、上传头像。</p>
<p>2. 账号仅限您本人使用。昵称和头像不得冒充他人、冒充官方，不得违反法律法规。</p>
<p>3. 您可以随时退出登录，也可以在本小程序内注销账号。注销后，账号资料将被清空且不能恢复。</p>
<h2>三、使用规则</h2>
<p>您不得利用本小程序从事违法活动，不得干扰本小程序的正常运行，不得以不正当方式获取他人信息。违反规则的，我们可以停用相关账号。</p>
<h2>四、服务的变更与中断</h2>
<p>因维护、升级或不可抗力，服务可能变更或中断。影响较大的，我们会提前在本小程序内告知。</p>
<h2>五、责任</h2>
<p>我们依法对自身过错造成的损失承担责任。因您违反本协议造成的损失，由您承担相应责任。</p>
<h2>六、协议的更新</h2>
<p>协议更新后，我们会在本小程序内公布新版本及其生效时间。</p>
<h2>七、法律适用与争议解决</h2>
<p>本协议适用中华人民共和国法律。争议协商不成的，提交【有管辖权的人民法院】解决。</p>
<h2>八、联系我们</h2>
<p>电话：【客服电话】；电子邮箱：【客服邮箱】；地址：【联系地址】。</p>
"""

PRIVACY = f"""{NOTICE}
<p>【运营主体全称】（以下简称“我们”）重视您的个人信息。本政策说明【小程序名称】在登录环节如何处理您的个人信息。</p>
<h2>一、我们处理的信息</h2>
<ul>
<li>微信标识（OpenID，以及微信返回时的 UnionID）：用于识别您的账号。</li>
<li>昵称、头像：由您主动提供，用于展示您的账号。</li>
<li>手机号：仅在您点击授权按钮后由微信提供，用于绑定账号。</li>
<li>登录记录（时间、IP 地址、设备信息）：用于保障账号安全和排查故障。</li>
<li>同意记录（协议版本、时间、IP 地址、设备信息）：用于证明您的同意。</li>
</ul>
<p>我们不保存微信会话密钥（session_key），也不会从微信以外的渠道取得您的手机号。</p>
<h2>二、信息的存储</h2>
<p>信息存储于中华人民共和国境内。账号存续期间，我们保存账号资料；登录记录保存【保存期限】。</p>
<h2>三、信息的共享</h2>
<p>登录、获取手机号和检查昵称需要调用微信的接口。除此之外，未经您同意，我们不向他人提供您的个人信息，法律另有规定的除外。</p>
<h2>四、您的权利</h2>
<p>您可以查看、修改昵称和头像，可以拒绝提供手机号（部分功能可能因此不可用），可以注销账号。注销后，我们立即清除昵称、头像、手机号和微信标识，仅保留不含个人资料的记录。</p>
<h2>五、未成年人</h2>
<p>未满十四周岁的未成年人，应在监护人同意后使用本小程序。</p>
<h2>六、政策的更新</h2>
<p>政策更新后，我们会在本小程序内公布新版本；涉及重要变更的，将重新征得您的同意。</p>
<h2>七、联系我们</h2>
<p>个人信息保护负责人：【姓名或部门】；电话：【联系电话】；电子邮箱：【联系邮箱】。</p>
"""

TEMPLATES = [("service", "用户服务协议（模板）", SERVICE), ("privacy", "隐私政策（模板）", PRIVACY)]


def create_defaults(apps: Any, schema_editor: Any) -> None:
    apps.get_model("settings_app", "LoginSettings").objects.get_or_create(pk=1, defaults=DEFAULTS)
    agreement = apps.get_model("settings_app", "Agreement")
    for kind, title, content in TEMPLATES:
        text = {"title": title, "content": content, "published_at": timezone.now()}
        agreement.objects.get_or_create(type=kind, version=VERSION, defaults=text)


def remove_defaults(apps: Any, schema_editor: Any) -> None:
    """Switches that were changed stay: without the row, a login that is closed would open."""
    apps.get_model("settings_app", "LoginSettings").objects.filter(pk=1, **DEFAULTS).delete()
    apps.get_model("settings_app", "Agreement").objects.filter(version=VERSION).delete()


class Migration(migrations.Migration):
    dependencies = [("settings_app", "0001_initial")]

    operations = [migrations.RunPython(create_defaults, remove_defaults)]
