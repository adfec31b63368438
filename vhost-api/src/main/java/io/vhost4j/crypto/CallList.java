// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import io.vhost4j.VhostDevice;
import java.util.ArrayList;
import java.util.List;

/**
 * Queues whose guests are still to be notified of finished requests; what {@code rte_vhost_crypto_finalize_requests} returns as call file
 * descriptors. For one thread.
 */
public final class CallList {
    private record Entry(VhostDevice device, int queueId) {}

    private final List<Entry> entries = new ArrayList<>();

    /** An empty list. */
    public CallList() {}

    /** Adds a queue, unless it is there. */
    public void add(VhostDevice device, int queueId) {
        for (Entry entry : entries) {
            if (entry.device.equals(device) && entry.queueId == queueId) {
                return;
            }
        }
        entries.add(new Entry(device, queueId));
    }

    /** How many queues. */
    public int size() {
        return entries.size();
    }

    /** Notifies the guests, if they want to be, and empties the list. */
    public void callAll() {
        for (Entry entry : entries) {
            entry.device.vringCall(entry.queueId);
        }
        entries.clear();
    }
}
