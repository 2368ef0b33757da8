"""Network faults by a real Toxiproxy: https://github.com/Shopify/toxiproxy.

A served venue (``outtrade.wire``) can do to its connections whatever a plan wants: reset, cut, drip, hang. Where a
``toxiproxy-server`` is at hand, one does it instead, so that what the client meets comes from a program that others
know and trust, standing between client and venue as a bad network would::

    client ──► proxy "rest"   ──► venue        toxics are put on and taken off around the one answer
           ──► proxy "stream" ──► venue        they are meant for

``mapping`` says which fault is which toxic, and why the others stay with the venue; ``find`` looks for a server or
starts one; ``api`` talks to it through the library toxiproxy-python; ``carrier`` drives it in a run; ``doors`` are the
venue's ends of the proxied connections.

A toxic acts on *all* connections of its proxy, a fault of a plan on one answer. So the venue holds back what it would
send to others while a toxic is in place (``doors.Gate``), and gives streams a proxy of their own.
"""
