// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * What has happened on a socket since its driver was registered; a snapshot, see {@link VhostDriver#counters}. Each bad input counts
 * in one at least of those that are named after what was refused, ended, broken or exceeded, and has left a line in the log.
 *
 * @param connectionsAccepted connections that were taken, or made by a client
 * @param connectionsRefused connections that were closed at once because there were too many
 * @param sessionsEndedByPeer sessions that the front-end ended between two messages
 * @param sessionsEndedByError sessions that were ended here: a malformed message, a refused request that asked for no
 *     acknowledgement, a limit, or a callback that threw
 * @param requestsRefused well-formed requests that could not be done, whether or not this ended the session
 * @param ringsBroken rings that were stopped, or could not start, because of what the guest or the front-end did
 * @param limitsExceeded how often one of {@link ConnectionLimits} was met; what was refused or ended for it is counted above, too
 * @param vdpaFailures how often a vDPA device refused to serve, failed while it served, or did not stop in good order; the library took the
 *     rings, and the log says why
 */
public record DriverCounters(
        long connectionsAccepted,
        long connectionsRefused,
        long sessionsEndedByPeer,
        long sessionsEndedByError,
        long requestsRefused,
        long ringsBroken,
        long limitsExceeded,
        long vdpaFailures) {}
