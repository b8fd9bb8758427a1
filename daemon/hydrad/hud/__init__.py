"""The HUD: what the daemon serves over HTTP. Its modules import starlette and uvicorn; nothing else does."""
