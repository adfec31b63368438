// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What serves the device. */
enum BackEndKind {
    /** {@code vhost4j forward}. */
    VHOST4J("vhost4j"),
    /** The same, looking at the rings without a pause. */
    VHOST4J_NO_PAUSE("vhost4j-no-pause"),
    /** The same, without asking for cache lines ahead by instructions of its own. */
    VHOST4J_NO_PREFETCH("vhost4j-no-prefetch"),
    /** testpmd with net_vhost, as the distribution ships it. */
    DPDK("dpdk"),
    /** The same, built for this machine's processor. */
    DPDK_NATIVE("dpdk-native");

    private final String label;

    BackEndKind(String label) {
        this.label = label;
    }

    @Override
    public String toString() {
        return label;
    }

    /** Reads the names from the command line. */
    static final class Converter implements ITypeConverter<BackEndKind> {
        @Override
        public BackEndKind convert(String value) {
            return Arrays.stream(values())
                    .filter(kind -> kind.label.equals(value))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + value + "' is none of "
                            + Arrays.stream(values()).map(BackEndKind::toString).collect(Collectors.joining(", "))));
        }
    }
}
