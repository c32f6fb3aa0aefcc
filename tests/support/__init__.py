"""What the end-to-end tests are made with: real servers, and clients of our own."""
