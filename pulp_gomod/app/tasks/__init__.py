"""What tasks do, in worker processes; never imports the content app."""
