// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.DriverCounters;
import io.vhost4j.VhostDriver;
import io.vhost4j.examples.cli.Json;
import java.util.List;

/** What front-ends did that could not be served, summed over sockets; see {@link DriverCounters}. */
record BadInput(
        long connectionsRefused,
        long sessionsEndedByError,
        long requestsRefused,
        long ringsBroken,
        long limitsExceeded) {

    static BadInput of(List<VhostDriver> drivers) {
        BadInput sum = new BadInput(0, 0, 0, 0, 0);
        for (VhostDriver driver : drivers) {
            sum = sum.plus(driver.counters());
        }
        return sum;
    }

    private BadInput plus(DriverCounters more) {
        return new BadInput(
                connectionsRefused + more.connectionsRefused(),
                sessionsEndedByError + more.sessionsEndedByError(),
                requestsRefused + more.requestsRefused(),
                ringsBroken + more.ringsBroken(),
                limitsExceeded + more.limitsExceeded());
    }

    /** Whether there was any. */
    boolean isAny() {
        return (connectionsRefused | sessionsEndedByError | requestsRefused | ringsBroken | limitsExceeded) != 0;
    }

    Json json() {
        return Json.object()
                .put("connections_refused", connectionsRefused)
                .put("sessions_ended_by_error", sessionsEndedByError)
                .put("requests_refused", requestsRefused)
                .put("rings_broken", ringsBroken)
                .put("limits_exceeded", limitsExceeded);
    }

    @Override
    public String toString() {
        return "bad input: " + connectionsRefused + " connections refused, " + sessionsEndedByError
                + " sessions ended, " + requestsRefused + " requests refused, " + ringsBroken + " rings broken, "
                + limitsExceeded + " limits met";
    }
}
