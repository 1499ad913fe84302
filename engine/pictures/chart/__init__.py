"""Line charts that do not move."""
