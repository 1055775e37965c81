"""send_message.py PORT SENDER RECIPIENT[ NOTIFY=...] ...: one message through the server on a port of this machine; every reply must be 250."""
import smtplib
import sys

port, sender, recipients = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
client = smtplib.SMTP("127.0.0.1", port, timeout=60)
client.ehlo("source.test")
replies = [client.mail(sender)]
for recipient in recipients:
    address, *options = recipient.split(" ")
    replies.append(client.rcpt(address, options))
replies.append(client.data(f"From: <{sender or 'daemon@source.test'}>\r\nSubject: A test\r\n\r\nHello.\r\n"))
client.quit()
if any(code != 250 for code, _ in replies):
    sys.exit(f"refused: {replies}")
