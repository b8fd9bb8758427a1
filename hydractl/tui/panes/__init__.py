"""The screens, a file each. A pane shows what a pure function has worked out from the frame."""
