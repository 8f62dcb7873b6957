"""The live API of People Pathing, for endpoints that still implement it.

AWS ended the service on 31 October 2025. Its operations StartPersonTracking and GetPersonTracking are still
in boto3, so a client whose ``endpoint_url`` names such an endpoint works as before.
"""
