# syntax=docker/dockerfile:1
# Pin both images by digest in your own registry; the tag is the Python that the tests run on.
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/login
RUN python -m venv /srv/venv
COPY requirements-prod.txt ./
RUN /srv/venv/bin/pip install --require-hashes --only-binary :all: -r requirements-prod.txt
COPY manage.py gunicorn.conf.py ./
COPY accounts accounts
COPY config config
COPY locale locale
COPY settings_app settings_app
COPY wechat wechat
# No secret is needed for this, and none is in the image.
RUN /srv/venv/bin/python manage.py collectstatic --no-input \
    && /srv/venv/bin/python -m compileall -q /srv/login /srv/venv/lib

FROM python:3.11-slim-bookworm

ENV PATH=/srv/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MEDIA_ROOT=/srv/media
# The folder of the avatars is the only one that the application writes to, besides /tmp.
RUN groupadd --system --gid 10001 login \
    && useradd --system --uid 10001 --gid login --no-create-home --shell /usr/sbin/nologin login \
    && install --directory --owner login --group login /srv/media
COPY --from=build /srv/venv /srv/venv
COPY --from=build /srv/login /srv/login
WORKDIR /srv/login
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["gunicorn", "config.wsgi"]
