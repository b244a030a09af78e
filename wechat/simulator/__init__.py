"""WeChat's server API, simulated over real HTTP for development, tests and load.

The core (`world`, `routes` and the files beside them) knows no Django and no socket: it answers one call. Two front
ends speak for it: an asyncio server (`server`) and a mount in Django's development server (`views`).
"""
