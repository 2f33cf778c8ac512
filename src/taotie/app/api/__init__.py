"""The doors on a network: REST under `/api/v1`, jobs in processes of their own, and the application the pages stand in."""
