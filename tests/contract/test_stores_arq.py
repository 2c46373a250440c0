"""What we write into arq's keys is what arq 0.28 writes and reads."""

import msgpack
from arq.constants import default_queue_name, in_progress_key_prefix, job_key_prefix, retry_key_prefix
from arq.jobs import deserialize_job_raw, serialize_job

from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import job_blob
from chatwootai.stores.server.scripts import script


def test_a_job_is_packed_as_arq_packs_it() -> None:
    ours = job_blob("1:25", 123)
    theirs = serialize_job("turn", ("1:25",), {}, None, 123, serializer=msgpack.packb)
    assert ours == theirs
    assert deserialize_job_raw(ours, deserializer=msgpack.unpackb) == ("turn", ["1:25"], {}, None, 123)


def test_the_scripts_use_arqs_own_names() -> None:
    source = script("claim").source + script("retire").source
    assert default_queue_name == keys.QUEUE
    for name in (default_queue_name, job_key_prefix, retry_key_prefix, in_progress_key_prefix):
        assert f"'{name}" in source
