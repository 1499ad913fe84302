"""Line charts that grow with their run."""
