"""files.*: an upload in three steps, since files.upload ended: ask for a URL, send the bytes, complete."""

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.checking import message_content
from bot.playground.slack_server.methods import Method
from bot.playground.slack_server.methods.reaching import destination, thread
from bot.playground.slack_server.rate_limits import TIERS
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, File, Store, mimetype

FILE_BYTES = 64 * 1024 * 1024
"""The largest upload here; Slack's own limit is 1 GB."""


def get_upload_url(store: Store, arguments: Arguments) -> JSON:
    name = arguments.required("filename")
    length = arguments.number("length", 0)
    if length <= 0:
        raise Refusal("missing_argument", ["missing required field: length"])
    if length > FILE_BYTES:
        raise Refusal("file_upload_size_restricted")
    file = File(store.next_id("F"), name, length)
    store.files[file.id] = file
    return {"upload_url": f"{arguments.base_url}/upload/v1/{file.upload_key}", "file_id": file.id}


def complete_upload(store: Store, arguments: Arguments) -> JSON:
    given = arguments.given.get("files")
    if not isinstance(given, list) or not given:
        raise Refusal("invalid_arguments", ["missing required field: files"])
    files = [_uploaded(store, item) for item in given]
    channel_ids = arguments.names("channels") or arguments.names("channel_id")
    targets = [Arguments({**arguments.given, "channel": channel_id}) for channel_id in channel_ids]
    channels = [(destination(store, target), target) for target in targets]
    threads = [thread(store, channel, target) for channel, target in channels]
    comment = {"text": arguments.text("initial_comment") or None, "blocks": arguments.given.get("blocks")}
    content = message_content(comment, store) if any(comment.values()) else {"text": ""}
    for file, item in zip(files, given, strict=True):
        file.shared, file.title = True, str(item.get("title") or file.name)
        file.channels.update(channel.id for channel, _target in channels)
        audience = frozenset(member for channel, _target in channels for member in channel.members)
        store.feed.publish("file", {"file": store.file_for_page(file)}, audience)
    described = [file_json(store, file, arguments.base_url) for file in files]
    for (channel, _target), where in zip(channels, threads, strict=True):
        store.add_message(channel, store.bot_user_id, {**content, **where, "files": described, "upload": True})
    return {"files": described}


def _uploaded(store: Store, item: object) -> File:
    file = store.files.get(str(item.get("id"))) if isinstance(item, dict) else None
    if file is None or file.shared or file.content is None:
        raise Refusal("file_not_found")
    return file


def file_json(store: Store, file: File, base_url: str) -> JSON:
    """As Slack describes a file to the bot."""
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": mimetype(file.name),
        "filetype": file.name.rpartition(".")[2],
        "size": file.length,
        "user": store.bot_user_id,
        "mode": "hosted",
        "is_external": False,
        "url_private": f"{base_url}/files-pri/{file.id}",
        "url_private_download": f"{base_url}/files-pri/{file.id}",
        "permalink": f"https://{store.team_domain}.slack.com/files/{store.bot_user_id}/{file.id}",
    }


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, TIERS[4], ("files:write",)),
    "files.completeUploadExternal": Method(complete_upload, TIERS[4], ("files:write",)),
}
