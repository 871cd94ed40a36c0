"""What a developer's machine needs beside the service itself."""
