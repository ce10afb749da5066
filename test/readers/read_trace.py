"""Reads a trace by Perfetto's own schema, and prints what it holds as one JSON object."""

import json
import sys
from collections import Counter, defaultdict

from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema

trace = schema.Trace()
with open(sys.argv[1], 'rb') as file:
    trace.ParseFromString(file.read())

BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4
names, details, tracks = {}, {}, {}
events = []
unknown = 0
first = True
for packet in trace.packet:
    if first:
        assert packet.sequence_flags & 1, 'the first packet clears what is known'
        first = False
    assert packet.trusted_packet_sequence_id == 1
    for one in packet.interned_data.event_names:
        names[one.iid] = one.name
    for one in packet.interned_data.debug_annotation_names:
        details[one.iid] = one.name
    if packet.HasField('track_descriptor'):
        about = packet.track_descriptor
        tracks[about.uuid] = {'name': about.name, 'parent': about.parent_uuid, 'counts': about.HasField('counter'), 'unit': about.counter.unit}
    if packet.HasField('track_event'):
        events.append((packet.timestamp, packet.track_event))
    unknown += len(packet.ListFields()) == 0

# The sort is stable, as trace processor's is: what happens at one instant is in the order of the file.
events.sort(key=lambda event: event[0])

def path(uuid):
    about = tracks[uuid]
    return (path(about['parent']) + ' / ' if about['parent'] else '') + about['name']

def annotations(event):
    out = {}
    for one in event.debug_annotations:
        out[details[one.name_iid]] = one.string_value if one.HasField('string_value') else one.int_value if one.HasField('int_value') else one.double_value
    return out

open_slices, slices, instants, counters = defaultdict(list), [], [], defaultdict(list)
flows = defaultdict(list)
deepest = 0
for at, event in events:
    uuid = event.track_uuid
    assert uuid in tracks, 'every event is on a track that was described'
    if event.type == COUNTER:
        counters[path(uuid)].append([at / 1000, event.double_counter_value if event.HasField('double_counter_value') else event.counter_value])
        continue
    if event.type == END:
        assert open_slices[uuid], f'a slice ends on {path(uuid)} that has not begun'
        begun = open_slices[uuid].pop()
        begun['until'] = at / 1000
        slices.append(begun)
        continue
    one = {'name': names[event.name_iid], 'track': path(uuid), 'at': at / 1000, 'round': event.correlation_id, **annotations(event)}
    for flow in [*event.flow_ids, *event.terminating_flow_ids]:
        flows[flow].append(one['name'])
    if event.type == BEGIN:
        open_slices[uuid].append(one)
        deepest = max(deepest, len(open_slices[uuid]))
    else:
        assert event.type == INSTANT
        instants.append(one)

assert not any(open_slices.values()), 'every slice ends'
print(json.dumps({
    'packets': len(trace.packet), 'tracks': [path(uuid) for uuid in tracks], 'slices': slices, 'instants': instants, 'counters': counters,
    'flows': Counter(' > '.join(flow) for flow in flows.values()), 'deepest': deepest,
}))
