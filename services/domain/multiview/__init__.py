"""A group of synchronised views: where each lies in time, and which of its frames is on screen.

``alignment`` and ``frame_map`` say what is shown when; ``timecode`` and ``sound_offset`` find it
out; ``layout`` says where on the picture.
"""
