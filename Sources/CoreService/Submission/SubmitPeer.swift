import CoreLink

/// A front end's connection, as a `SubmitSession` uses it.
protocol SubmitPeer: AnyObject {
    func send(_ response: SubmitResponse)
    func flush()
    func close()
    func pauseReading()
    func resumeReading()
}

extension LinkChannel: SubmitPeer where Outbound == SubmitResponse {}
