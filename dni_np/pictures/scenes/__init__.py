"""What the pictures of networks are made of: for each a table of boxes, routes and steps."""
