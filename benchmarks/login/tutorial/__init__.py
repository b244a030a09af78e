"""The tutorial way: `startproject`, an APIView, a bare `requests.get`, `get_or_create`, `RefreshToken.for_user`."""
