// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import io.vhost4j.Vring;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Knows the devices of all ports, decides which ring's packets go to which, and spreads that work over the poll threads. Any thread may
 * call it.
 */
final class Switchboard {
    private final Mode mode;
    private final List<Port> ports;
    private final List<PollThread> threads;
    private final Map<Lane.Ends, Lane> lanes = new LinkedHashMap<>();
    private final Map<Lane, Integer> threadOf = new HashMap<>();

    Switchboard(Mode mode, List<Port> ports, List<PollThread> threads) {
        this.mode = mode;
        this.ports = ports;
        this.threads = threads;
    }

    /** Begins to move packets of a device. */
    synchronized void add(Port port, VhostDevice device) {
        port.devices().add(device);
        rewire();
    }

    /** Takes note that rings came, went, or were switched. */
    synchronized void ringsChanged() {
        rewire();
    }

    /** Keeps the device's counts and forgets it. When this returns, no poll thread is in a burst call on it or makes another. */
    void remove(Port port, VhostDevice device) {
        List<CountDownLatch> changed;
        synchronized (this) {
            port.detach(device);
            changed = rewire();
        }
        // not under the lock: a poll thread that fails on its way reports to others who may want it
        changed.forEach(PollThread::awaitAdoption);
        synchronized (this) {
            port.retire(device);
            notifyAll();
        }
    }

    /** Waits until all devices are gone, at most {@code nanos}. */
    synchronized void awaitNoDevice(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        long left = nanos;
        while (left > 0 && ports.stream().anyMatch(Port::hasDevices)) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = deadline - System.nanoTime();
        }
    }

    /** The counts of all ports. */
    synchronized List<PortTotals> totals() {
        return ports.stream().map(Port::totals).toList();
    }

    private List<CountDownLatch> rewire() {
        Set<Lane.Ends> wanted = new HashSet<>();
        for (Port port : ports) {
            Port target = targetOf(port);
            for (int i = 0; i < port.devices().size(); i++) {
                VhostDevice device = port.devices().get(i);
                for (Lane.Ends ends : endsFor(device, partner(target, device, port == target, i))) {
                    wanted.add(ends);
                    lanes.computeIfAbsent(ends, key -> newLane(key, port, target));
                }
            }
        }
        lanes.keySet().retainAll(wanted);
        threadOf.keySet().retainAll(new HashSet<>(lanes.values()));
        return assign();
    }

    private Port targetOf(Port port) {
        return mode.joinsPairs() && ports.size() > 1 ? ports.get(port.index() ^ 1) : port;
    }

    private static @Nullable VhostDevice partner(Port target, VhostDevice device, boolean self, int number) {
        if (self) {
            return device;
        }
        List<VhostDevice> there = target.devices();
        return there.isEmpty() ? null : there.get(number % there.size());
    }

    private List<Lane.Ends> endsFor(VhostDevice device, @Nullable VhostDevice partner) {
        List<Lane.Ends> ends = new ArrayList<>();
        if (mode == Mode.TXONLY) {
            receiveRings(device).forEach(ring -> ends.add(new Lane.Ends(null, -1, device, ring)));
            return ends;
        }
        VhostDevice to = mode == Mode.RXONLY ? null : partner;
        List<Integer> targets = to == null ? List.of() : receiveRings(to);
        for (int ring = 1; ring < device.getVringNum(); ring += 2) {
            int pair = ring / 2;
            int toRing = targets.isEmpty() ? 0 : targets.get(pair % targets.size());
            ends.add(new Lane.Ends(device, ring, to, toRing));
        }
        return ends;
    }

    /** The rings through which the guest receives now. */
    private static List<Integer> receiveRings(VhostDevice device) {
        List<Integer> rings = new ArrayList<>();
        for (int ring = 0; ring < device.getVringNum(); ring += 2) {
            Vring state = device.getVhostVring(ring);
            if (state.started() && state.enabled()) {
                rings.add(ring);
            }
        }
        return rings;
    }

    private Lane newLane(Lane.Ends ends, Port source, Port target) {
        int[] loads = new int[threads.size()];
        threadOf.values().forEach(thread -> loads[thread]++);
        int least = 0;
        for (int i = 1; i < loads.length; i++) {
            least = loads[i] < loads[least] ? i : least;
        }
        Lane lane = new Lane(ends, source, target, least);
        threadOf.put(lane, least); // for good: a lane has one thread
        return lane;
    }

    private List<CountDownLatch> assign() {
        List<CountDownLatch> changed = new ArrayList<>();
        Set<VhostDevice> devices = new HashSet<>();
        ports.forEach(port -> devices.addAll(port.devices()));
        for (int i = 0; i < threads.size(); i++) {
            int thread = i;
            List<Lane> mine = lanes.values().stream()
                    .filter(lane -> threadOf.get(lane) == thread)
                    .toList();
            changed.add(threads.get(i).assign(mine, devices));
        }
        return changed;
    }
}
