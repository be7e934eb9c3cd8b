"""A client of the service for Python programs, which needs nothing of the server: `serving.client.tsugi.Tsugi`."""
