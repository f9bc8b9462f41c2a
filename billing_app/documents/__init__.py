"""What a document looks like: HTML, PDF and page images."""
