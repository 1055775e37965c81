"""Reads a message on standard input with Python's email package, and prints as JSON what it finds of a delivery status report."""
import email
import email.policy
import json
import sys

message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.SMTP)
defects = list(message.defects)
parts, blocks, words = [], [], ""
for part in message.iter_parts():
    defects += part.defects
    parts.append(part.get_content_type())
    if part.get_content_type() == "text/plain":
        words = part.get_content()
    if part.get_content_type() == "message/delivery-status":
        blocks = [{name.lower(): " ".join(value.split()) for name, value in block.items()} for block in part.get_payload()]
print(
    json.dumps(
        {
            "type": message.get_content_type(),
            "reportType": message.get_param("report-type"),
            "to": message["To"].addresses[0].addr_spec,
            "returnPath": message["Return-Path"],
            "parts": parts,
            "words": words,
            "message": blocks[0] if blocks else {},
            "recipients": blocks[1:],
            "defects": [repr(defect) for defect in defects],
        }
    )
)
