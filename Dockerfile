# A taotie service: pages, REST and assistants' tools in one container. Every value below is an argument or a variable.
#   docker build -t taotie . && docker run --read-only --tmpfs /tmp -v taotie:/state -p 8421:8421 taotie
ARG PYTHON=3.11-slim
FROM python:${PYTHON} AS build
WORKDIR /src
COPY pyproject.toml constraints.txt hatch_build.py README.md README.zh.md LICENSE NOTICE ./
COPY src ./src
RUN python -m venv /opt/taotie \
 && PIP_CONSTRAINT=constraints.txt /opt/taotie/bin/pip install --no-cache-dir --disable-pip-version-check ".[serve,postgres,mcp]" \
 && /opt/taotie/bin/python -m taotie.answer.ready

FROM python:${PYTHON}
RUN useradd --system --uid 10001 --home-dir /state --no-create-home taotie \
 && mkdir /state && chown taotie:taotie /state && chmod 700 /state
COPY --from=build /opt/taotie /opt/taotie
ENV PATH=/opt/taotie/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TAOTIE_STATE=/state \
    XDG_CACHE_HOME=/state/cache
USER 10001
VOLUME /state
EXPOSE 8421
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8421/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["taotie"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8421"]
