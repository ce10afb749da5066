"""Reads an event file with TensorBoard's own reader, and prints its scalars as one JSON object: by tag, [step, wall time, value]."""

import json
import sys
from collections import defaultdict

from tensorboard.backend.event_processing import event_file_loader

scalars = defaultdict(list)
versions = []
for event in event_file_loader.EventFileLoader(sys.argv[1]).Load():
    if event.HasField('file_version'):
        versions.append(event.file_version)
    for value in event.summary.value:
        assert value.metadata.plugin_data.plugin_name == 'scalars'
        scalars[value.tag].append([event.step, event.wall_time, value.tensor.float_val[0]])
print(json.dumps({'versions': versions, 'scalars': scalars}))
