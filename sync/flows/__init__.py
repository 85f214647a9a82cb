"""One room per flow: each looks, decides and acts on one kind of business."""
