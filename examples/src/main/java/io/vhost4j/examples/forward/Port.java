// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import java.util.ArrayList;
import java.util.List;

/** A socket, its devices, and what went through. The list of devices and the ring counts are guarded by the {@link Switchboard}. */
final class Port {
    private final int index;
    private final String socket;
    private final FlowCounters[] flows;
    private final List<VhostDevice> devices = new ArrayList<>();
    private final List<VhostDevice> leaving = new ArrayList<>();
    private final RingTotals rings = new RingTotals();

    /** A port with a set of counters for each poll thread. */
    Port(int index, String socket, int threads) {
        this.index = index;
        this.socket = socket;
        flows = new FlowCounters[threads];
        for (int i = 0; i < threads; i++) {
            flows[i] = new FlowCounters();
        }
    }

    int index() {
        return index;
    }

    String socket() {
        return socket;
    }

    /** The counters that poll thread {@code thread} adds to. */
    FlowCounters flow(int thread) {
        return flows[thread];
    }

    /** Devices that packets are moved from and to. */
    List<VhostDevice> devices() {
        return devices;
    }

    /** Whether a device is here, or on its way out. */
    boolean hasDevices() {
        return !devices.isEmpty() || !leaving.isEmpty();
    }

    /** Ends the moving of packets of a device. */
    void detach(VhostDevice device) {
        devices.remove(device);
        leaving.add(device);
    }

    /** Keeps the ring counts of a detached device, which goes away. */
    void retire(VhostDevice device) {
        leaving.remove(device);
        rings.add(device);
    }

    /** The counts so far. */
    PortTotals totals() {
        PortTotals counted = PortTotals.of(socket, flows);
        RingTotals all = rings.copy(); // read last: what a thread counted is in them
        devices.forEach(all::add);
        leaving.forEach(all::add);
        return counted.with(all);
    }
}
