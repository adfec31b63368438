// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import io.vhost4j.examples.cli.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Ring statistics, by ring number and name, summed over the devices of a port. */
final class RingTotals {
    private static final Pattern RING_PREFIX = Pattern.compile("^[rt]x_q\\d+_");

    private final SortedMap<Integer, Map<String, Long>> rings = new TreeMap<>();

    /** Adds all rings of a device. */
    void add(VhostDevice device) {
        for (int ring = 0; ring < device.getVringNum(); ring++) {
            List<String> names = device.vringStatsGetNames(ring);
            long[] values = new long[names.size()];
            int count = device.vringStatsGet(ring, values);
            Map<String, Long> totals = rings.computeIfAbsent(ring, key -> new LinkedHashMap<>());
            for (int i = 0; i < count; i++) {
                totals.merge(RING_PREFIX.matcher(names.get(i)).replaceFirst(""), values[i], Long::sum);
            }
        }
    }

    RingTotals copy() {
        RingTotals copy = new RingTotals();
        rings.forEach((ring, totals) -> copy.rings.put(ring, new LinkedHashMap<>(totals)));
        return copy;
    }

    /** A statistic summed over the rings that we give packets to. */
    long sumToGuest(String name) {
        return rings.entrySet().stream()
                .filter(ring -> ring.getKey() % 2 == 0)
                .mapToLong(ring -> ring.getValue().getOrDefault(name, 0L))
                .sum();
    }

    List<Json> json() {
        return rings.entrySet().stream()
                .map(ring -> {
                    Json object = Json.object().put("queue", ring.getKey());
                    ring.getValue().forEach(object::put);
                    return object;
                })
                .toList();
    }
}
