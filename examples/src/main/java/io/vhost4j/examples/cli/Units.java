// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.util.Locale;

/** Numbers for people. */
public final class Units {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final int BITS = 8;
    private static final String PREFIXES = " kMGTP";

    private Units() {}

    /** Seconds with three decimals or fewer. */
    public static double seconds(long nanos) {
        return nanos / NANOS_PER_SECOND;
    }

    /** A number with groups of three digits. */
    public static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** A rate of packets, such as {@code 12.3 Mpps}. */
    public static String packetRate(long packets, long nanos) {
        return scaled(perSecond(packets, nanos), "pps");
    }

    /** A rate of bits, such as {@code 1.50 Gbit/s}. */
    public static String bitRate(long bytes, long nanos) {
        return scaled(perSecond(bytes, nanos) * BITS, "bit/s");
    }

    /** A time, such as {@code 12.3 us}. */
    public static String time(long nanos) {
        if (nanos < 1_000) {
            return nanos + " ns";
        }
        if (nanos < 1_000_000) {
            return String.format(Locale.ROOT, "%.1f us", nanos / 1e3);
        }
        return String.format(Locale.ROOT, "%.3f ms", nanos / 1e6);
    }

    private static double perSecond(long amount, long nanos) {
        return nanos <= 0 ? 0 : amount * NANOS_PER_SECOND / nanos;
    }

    private static String scaled(double value, String unit) {
        double rest = value;
        int prefix = 0;
        while (rest >= 1000 && prefix < PREFIXES.length() - 1) {
            rest /= 1000;
            prefix++;
        }
        String number = String.format(Locale.ROOT, rest >= 100 || prefix == 0 ? "%.0f" : "%.2f", rest);
        return number + " " + (prefix == 0 ? "" : PREFIXES.charAt(prefix)) + unit;
    }
}
