"""Notifies once by Apprise, as a script of an administrator's would.

    REQUESTS_CA_BUNDLE=authority.pem python apprise_sender.py ADDRESS SERVICES

ADDRESS is Apprise's own for the service. SERVICES stands for Slack's host, which its plug-in has fixed.
Exits with 1 if the service refused it. Needs: pip install apprise
"""

import sys
import apprise
from apprise.plugins.slack import NotifySlack

address, services = sys.argv[1:]
NotifySlack.webhook_url = services
mark = "" if "mark=no" in address else " TLP:AMBER"
sender = apprise.Apprise()
if not sender.add(address):
    sys.exit("Apprise does not take this address")
if not sender.notify(title="Disk full", body=f"1 % left & <counting>{mark}"):
    sys.exit(1)
