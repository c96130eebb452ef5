"""Where does it live? Addresses such as ``s3://bucket/image.png``: listing, fetching and writing objects."""
