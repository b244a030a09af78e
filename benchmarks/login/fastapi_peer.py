"""The same login with FastAPI, httpx and SQLAlchemy's asyncio, as their documentation writes it.

One client and one engine for the process, a session for each request, pydantic in and out.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import BigInteger, ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgres://", "postgresql+asyncpg://"))
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "accounts_user"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sn: Mapped[str] = mapped_column(String(10))
    mobile: Mapped[str | None] = mapped_column(String(20))
    token_version: Mapped[int]


class WechatOpenid(Base):
    __tablename__ = "accounts_wechatopenid"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    appid: Mapped[str] = mapped_column(String(64))
    openid: Mapped[str] = mapped_column(String(128))
    user_id: Mapped[int] = mapped_column(ForeignKey("accounts_user.id"))


class Sent(BaseModel):
    code: str


class Data(BaseModel):
    token: str
    is_new_user: bool
    mobile: str
    next_step: str


class Answer(BaseModel):
    code: int
    msg: str
    data: Data


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(base_url=os.environ["WECHAT_API_BASE"], timeout=5) as client:
        app.state.wechat = client
        yield


application = FastAPI(lifespan=lifespan)


async def database() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


@application.post("/api/login/silentLogin")
async def silent_login(sent: Sent, request: Request, session: Annotated[AsyncSession, Depends(database)]) -> Answer:
    params = {
        "appid": os.environ["WECHAT_APPID"],
        "secret": os.environ["WECHAT_SECRET"],
        "js_code": sent.code,
        "grant_type": "authorization_code",
    }
    response = await request.app.state.wechat.get("/sns/jscode2session", params=params)
    openid = response.json().get("openid")
    if not openid:
        raise HTTPException(400, "code is not valid")
    found = select(User).join(WechatOpenid, WechatOpenid.user_id == User.id)
    user = await session.scalar(found.where(WechatOpenid.appid == params["appid"], WechatOpenid.openid == openid))
    if user is None:
        raise HTTPException(404, "not registered")
    claims = {"sub": user.sn, "ver": user.token_version, "exp": datetime.now(UTC) + timedelta(days=7)}
    token = jwt.encode(claims, os.environ["JWT_SIGNING_KEY"], algorithm="HS256")
    return Answer(
        code=1, msg="Logged in", data=Data(token=token, is_new_user=False, mobile=user.mobile or "", next_step="")
    )
