"""Reading tracking data: pages, files of trackers, the live API."""
