"""Wire mode: the same venue, fault plan and record over real TCP, for clients that cannot run inside a World.

``world`` is the asyncio loop behind the seam of ``outtrade.engine.seam``; ``doors`` are the connections; ``server``
puts a venue behind one port, HTTP and WebSocket alike; ``tls`` makes a certificate authority on the spot;
``toxiproxy`` lets a real Toxiproxy do the network
faults; ``background`` serves from a thread, for tests and for whoever drives a client of its own::

    from outtrade.wire.background import serving

    with serving(scenario) as server:
        print(server.rest_url, server.credentials.key)

Nothing listens on anything but loopback.
"""
