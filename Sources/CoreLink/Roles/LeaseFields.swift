import MailVocabulary

extension WireWriter {
    mutating func write(_ lease: LeaseID) {
        write(lease.epoch)
        write(lease.number)
    }

    mutating func write(_ held: HeldLease) {
        write(held.lease)
        write(held.message)
        write(array: held.recipients) { $0.write($1) }
    }

    mutating func write(_ outcome: RecipientOutcome) {
        write(outcome.index)
        write(outcome.attempts)
        write(outcome.result.rawValue)
        write(outcome.reply)
        write(optional: outcome.remoteHost) { $0.write($1) }
    }

    mutating func write(_ work: LeasedWork) {
        write(work.lease)
        write(work.message)
        write(work.connector)
        write(work.nextHop)
        write(work.sender)
        write(work.receivedAt)
        write(work.size)
        write(work.has8BitOctets)
        write(array: work.recipients) { writer, recipient in
            writer.write(recipient.index)
            writer.write(recipient.attempts)
            writer.write(recipient.recipient)
        }
        write(work.mayBeRepeat)
    }
}

extension WireReader {
    mutating func leaseID() throws(WireError) -> LeaseID { LeaseID(epoch: try integer(), number: try integer()) }

    mutating func heldLease() throws(WireError) -> HeldLease {
        HeldLease(
            lease: try leaseID(), message: try queueID(),
            recipients: try array(maximum: LeasedWork.maximumRecipients) { reader throws(WireError) in try reader.integer(UInt32.self) })
    }

    mutating func recipientOutcome() throws(WireError) -> RecipientOutcome {
        let (index, attempts) = (try integer(UInt32.self), try integer(UInt32.self))
        guard let result = RecipientOutcome.Result(rawValue: try integer()) else { throw .invalid("RecipientOutcome") }
        return RecipientOutcome(
            index: index, attempts: attempts, result: result, reply: try reply(maximumLines: RecipientOutcome.maximumReplyLines),
            remoteHost: try optional { reader throws(WireError) in try reader.line(maximum: 1024) })
    }

    mutating func leasedWork() throws(WireError) -> LeasedWork {
        LeasedWork(
            lease: try leaseID(), message: try queueID(), connector: try text(), nextHop: try text(), sender: try envelopeSender(),
            receivedAt: try timestamp(), size: try integer(), has8BitOctets: try bool(),
            recipients: try array { reader throws(WireError) in
                LeasedRecipient(index: try reader.integer(), attempts: try reader.integer(), recipient: try reader.envelopeRecipient())
            }, mayBeRepeat: try bool())
    }
}
