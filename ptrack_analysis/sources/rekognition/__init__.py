"""The live API of People Pathing, for endpoints that still implement it.

AWS ended the service on 31 October 2025. boto3 still has its operations StartPersonTracking and
GetPersonTracking, so a client with the ``endpoint_url`` of such an endpoint works as before.
"""
