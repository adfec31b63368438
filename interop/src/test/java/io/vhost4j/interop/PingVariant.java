// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A setting of QEMU's network card, under which the guest pings the back-end.
 *
 * @param name what is special, in words
 * @param deviceOptions the options of virtio-net-pci
 * @param queuePairs the number of queue pairs
 * @param mtu the guest's MTU, 0 for the usual one
 * @param negotiated feature bits that the guest's driver must have
 * @param absent feature bits that it must not have
 */
record PingVariant(
        String name, String deviceOptions, int queuePairs, int mtu, List<Integer> negotiated, List<Integer> absent) {
    private static final int MTU = 3;
    private static final int MRG_RXBUF = 15;
    private static final int MQ = 22;
    private static final int INDIRECT = 28;
    private static final int EVENT_IDX = 29;
    private static final int VERSION_1 = 32;
    private static final int PACKED = 34;

    private static final int COUNT = 20;
    private static final int INTERVAL_MS = 20;
    private static final int JUMBO = 9000;
    private static final int LARGE_RING = 1024;
    /** IPv4 and ICMP headers. */
    private static final int HEADERS = 28;

    private static final Pattern QUEUE_PACKETS = Pattern.compile("\\s*([rt]x)_queue_(\\d+)_packets: (\\d+)");

    /** All settings that a back-end has to serve. */
    static List<PingVariant> all() {
        String ring1024 = ",rx_queue_size=1024,tx_queue_size=1024";
        return List.of(
                of("split", "", List.of(VERSION_1, MRG_RXBUF, INDIRECT, EVENT_IDX), List.of(PACKED)),
                packed("packed", "", List.of(MRG_RXBUF, INDIRECT, EVENT_IDX), List.of()),
                of("split, no mergeable buffers", ",mrg_rxbuf=off", List.of(VERSION_1), List.of(MRG_RXBUF)),
                packed("packed, no mergeable buffers", ",mrg_rxbuf=off", List.of(), List.of(MRG_RXBUF)),
                of("split, no indirect tables", ",indirect_desc=off", List.of(VERSION_1), List.of(INDIRECT)),
                packed("packed, no indirect tables", ",indirect_desc=off", List.of(), List.of(INDIRECT)),
                of("split, no event index", ",event_idx=off", List.of(VERSION_1), List.of(EVENT_IDX)),
                packed("packed, no event index", ",event_idx=off", List.of(), List.of(EVENT_IDX)),
                of(
                        "split, none of the three",
                        ",event_idx=off,indirect_desc=off,mrg_rxbuf=off",
                        List.of(VERSION_1),
                        List.of(MRG_RXBUF, INDIRECT, EVENT_IDX)),
                of("legacy", ",disable-modern=on", List.of(MRG_RXBUF), List.of(VERSION_1)),
                of(
                        "legacy, no mergeable buffers: header of 10 bytes",
                        ",disable-modern=on,disable-legacy=off,mrg_rxbuf=off",
                        List.of(),
                        List.of(VERSION_1, MRG_RXBUF)),
                of("modern only", ",disable-legacy=on", List.of(VERSION_1), List.of()),
                of("split, ring size 1024", ring1024, List.of(VERSION_1), List.of(PACKED)),
                packed("packed, ring size 1024", ring1024, List.of(), List.of()),
                new PingVariant("split, 2 queue pairs", "", 2, 0, List.of(VERSION_1, MQ), List.of(PACKED)),
                new PingVariant("packed, 2 queue pairs", ",packed=on", 2, 0, List.of(VERSION_1, MQ, PACKED), List.of()),
                new PingVariant("MTU 9000", ",host_mtu=9000", 1, JUMBO, List.of(VERSION_1, MTU), List.of()));
    }

    /** The settings that show a front-end's main ways. */
    static List<PingVariant> few() {
        return all().stream()
                .filter(variant -> List.of("split", "packed", "packed, 2 queue pairs", "legacy")
                        .contains(variant.name))
                .toList();
    }

    private static PingVariant of(String name, String options, List<Integer> negotiated, List<Integer> absent) {
        return new PingVariant(name, options, 1, 0, negotiated, absent);
    }

    private static PingVariant packed(String name, String options, List<Integer> also, List<Integer> absent) {
        List<Integer> negotiated = new java.util.ArrayList<>(List.of(VERSION_1, PACKED));
        negotiated.addAll(also);
        return of(name, ",packed=on" + options, List.copyOf(negotiated), absent);
    }

    @Override
    public String toString() {
        return name;
    }

    /** Boots a guest of a QEMU with this setting and pings; with further options for the back-end. */
    void run(Peer peer, Path folder, String... options) {
        Path socket = folder.resolve("net.sock");
        BackendSpec spec =
                BackendSpec.of(Mode.ICMPECHO, socket).withQueuePairs(queuePairs).withOptions(options);
        Nic nic = Nic.on(socket).withQueuePairs(queuePairs).withDeviceOptions(deviceOptions);
        try (Backend backend = Backend.start(spec);
                QemuGuest guest =
                        QemuGuest.options(peer, "guest", folder).nic(nic).boot()) {
            checkFeatures(guest);
            guest.raise(mtu);
            checkRing(guest);
            if (queuePairs > 1) {
                pingOnEveryQueue(guest);
            } else {
                guest.ping(COUNT, INTERVAL_MS, 56);
                guest.ping(COUNT, INTERVAL_MS, mtu == 0 ? 1400 : mtu - HEADERS);
            }
            guest.powerOff();
            Counters counters = backend.finish();
            assertTrue(counters.toPackets() >= COUNT, "the back-end sent " + counters);
        }
    }

    private void checkFeatures(QemuGuest guest) {
        for (int bit : negotiated) {
            assertTrue(guest.hasFeature("eth0", bit), "feature bit " + bit + " is not negotiated");
        }
        for (int bit : absent) {
            assertTrue(!guest.hasFeature("eth0", bit), "feature bit " + bit + " is negotiated");
        }
    }

    private void checkRing(QemuGuest guest) {
        if (deviceOptions.contains("queue_size=" + LARGE_RING)) {
            String rings = guest.shell().run("ethtool -g eth0");
            assertEquals(
                    2,
                    Pattern.compile("RX:\\s+" + LARGE_RING)
                            .matcher(rings)
                            .results()
                            .count(),
                    rings);
            assertEquals(
                    2,
                    Pattern.compile("TX:\\s+" + LARGE_RING)
                            .matcher(rings)
                            .results()
                            .count(),
                    rings);
        }
    }

    /**
     * Each processor of the guest sends on its own queue; the replies come back on the pair of that queue. The guest may
     * send a packet from another processor, as when it had to wait for an address.
     */
    private void pingOnEveryQueue(QemuGuest guest) {
        guest.shell().run("ethtool -L eth0 combined " + queuePairs);
        for (int cpu = 0; cpu < queuePairs; cpu++) {
            guest.pingOnCpu(cpu, COUNT, INTERVAL_MS, 1400);
        }
        Map<String, Long> packets = new java.util.TreeMap<>();
        for (String line : guest.shell().run("ethtool -S eth0").split("\n", -1)) {
            Matcher matcher = QUEUE_PACKETS.matcher(line);
            if (matcher.matches()) {
                packets.put(matcher.group(1) + matcher.group(2), Long.valueOf(matcher.group(3)));
            }
        }
        for (int queue = 0; queue < queuePairs; queue++) {
            assertTrue(packets.getOrDefault("tx" + queue, 0L) >= COUNT / 2, "sent per queue: " + packets);
            assertTrue(packets.getOrDefault("rx" + queue, 0L) >= COUNT / 2, "received per queue: " + packets);
        }
    }
}
