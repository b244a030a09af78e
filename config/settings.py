"""Every setting, read from the environment (and from `.env`, which never overrides it).

What is wrong with them is told by the system checks in `config.checks`, all at once, rather than by the first
exception.
"""

from __future__ import annotations

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.database import database

BASE_DIR = Path(__file__).resolve().parent.parent
INSECURE_KEY = "insecure-development-key-never-used-in-production"

env = environ.Env()
env_file = Path(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
if env_file.is_file():
    env.read_env(env_file)
# A variable that is set to nothing, as compose files do with what they pass on, counts as not set.
env.ENVIRON = {name: value.strip() for name, value in os.environ.items() if value.strip()}
environ.Env.DB_SCHEMES["mariadb"] = environ.Env.DB_SCHEMES["mysql"]


def names(variable: str) -> list[str]:
    """A comma-separated variable without blanks."""
    return [name.strip() for name in env.str(variable, default="").split(",") if name.strip()]


def number(variable: str, default: float) -> float:
    """Any spelling that Python knows, `5e-05` too, of which `env.float` would make something else."""
    value = env.str(variable, default=str(default))
    try:
        return float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{variable} is not a number: {value}") from None


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_KEY) or INSECURE_KEY
SECRET_KEY_FALLBACKS = names("SECRET_KEY_FALLBACKS")
API_DOCS = env.bool("API_DOCS", default=DEBUG)
ALLOWED_HOSTS = names("ALLOWED_HOSTS") or (["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = names("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# Login
JWT_SIGNING_KEYS = names("JWT_SIGNING_KEY") or [INSECURE_KEY]
TOKEN_DAYS = number("TOKEN_DAYS", 7)
PENDING_TOKEN_MINUTES = number("PENDING_TOKEN_MINUTES", 30)
LOGIN_PER_MINUTE = env.int("LOGIN_PER_MINUTE", default=600)
REQUIRE_AGREEMENT = env.bool("REQUIRE_AGREEMENT", default=False)
PHONE_CALLS_PER_HOUR = env.int("PHONE_CALLS_PER_HOUR", default=20_000)
STAFF_TOTP = env.bool("STAFF_TOTP", default=False)
OTP_TOTP_ISSUER = "Mini-program login"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
CONTENT_CHECK = env.bool("CONTENT_CHECK", default=True)

# WeChat
WECHAT_SIMULATOR = env.bool("WECHAT_SIMULATOR", default=False)
SIMULATOR_BASE = f"http://127.0.0.1:{env.str('PORT', default='8000')}/simulator"
WECHAT_API_BASE = env.str(
    "WECHAT_API_BASE", default=SIMULATOR_BASE if WECHAT_SIMULATOR else "https://api.weixin.qq.com"
).rstrip("/")
# Calls to WeChat that one process waits for; below the server's threads, so that a hanging WeChat leaves some free.
WECHAT_MAX_IN_FLIGHT = env.int("WECHAT_MAX_IN_FLIGHT", default=64)
WECHAT_APPS = {
    "default": {
        "APPID": env.str("WECHAT_APPID", default="wx0123456789abcdef" if WECHAT_SIMULATOR else ""),
        "SECRET": env.str("WECHAT_SECRET", default="0123456789abcdef" * 2 if WECHAT_SIMULATOR else ""),
    }
}
for alias in names("WECHAT_APPS"):
    WECHAT_APPS[alias] = {
        "APPID": env.str(f"WECHAT_APPID_{alias.upper()}", default=""),
        "SECRET": env.str(f"WECHAT_SECRET_{alias.upper()}", default=""),
    }

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "accounts",
    "wechat",
    "settings_app",
    "config.apps.SiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "django_otp",
    "config.apps.SecondFactorConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "config.middleware.RequestMiddleware",
    "config.middleware.ApiMiddleware",
    "accounts.renewal.RenewalMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "config.pages.SessionMiddleware",
    "config.middleware.LanguageMiddleware",
    "config.middleware.HostMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.pages.AuthenticationMiddleware",
    "config.pages.OTPMiddleware",
    "config.pages.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
]
if METRICS_TOKEN:
    MIDDLEWARE.insert(1, "config.metrics.MetricsMiddleware")
if DEBUG:
    MIDDLEWARE.insert(1, "config.timing.ServerTimingMiddleware")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {"default": database(env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
REDIS_OPTIONS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
CACHES = {
    "default": {
        "BACKEND": "config.cache.TolerantRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": REDIS_OPTIONS,
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Django's default of 300 entries throws counters and the access_token away under load.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
# Moments are written the same way on every page, in either language.
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# The admin keeps its look on a server where nobody ran collectstatic.
WHITENOISE_USE_FINDERS = True

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CSP = {"default-src": ["'self'"], "img-src": ["'self'", "data:"], "frame-ancestors": ["'none'"]}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
# Staff sessions end with the browser and after twelve idle hours.
SESSION_EXPIRE_AT_BROWSER_CLOSE = SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "sessionid" if DEBUG else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if DEBUG else "__Host-csrftoken"
CSRF_COOKIE_HTTPONLY = True
# TLS ends at the proxy, and a redirected POST loses its body: the API is never redirected (W008). Sub-domains and
# the browsers' preload list are the domain owner's decision, not this project's (W005, W021). How strong a key is, is
# judged by config.E001, which stops the start; 32 random bytes in base64 have fewer than the 50 letters of W009.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W009", "security.W021"]
CORS_ALLOWED_ORIGINS = names("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_HEADERS = ["accept", "accept-language", "authorization", "content-type", "token", "x-wechat-app"]
CORS_EXPOSE_HEADERS = ["X-Renewed-Token", "X-Request-ID", "Retry-After"]
CORS_URLS_REGEX = r"^/(api|media)/"

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 6_000_000

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["config.envelope.EnvelopeRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "config.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.parsers.AlwaysJSON",
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.OwesNothing"],
    "DEFAULT_SCHEMA_CLASS": "config.schema.EnvelopeSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "config.envelope.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SIMPLE_JWT = {"AUTH_TOKEN_CLASSES": ["accounts.tokens.LoginToken"]}

SPECTACULAR_SETTINGS = {
    "TITLE": "WeChat Mini Program login",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "ENFORCE_NON_BLANK_FIELDS": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        # The middleware writes one line for each request itself.
        "django.request": {"level": "CRITICAL"},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.db.backends": {"level": "INFO"},
    },
}
