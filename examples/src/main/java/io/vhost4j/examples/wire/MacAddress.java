// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.examples.cli.UsageException;
import java.util.Locale;
import java.util.regex.Pattern;

/** Ethernet addresses as numbers of 48 bits, the first byte highest. */
public final class MacAddress {
    /** All ones. */
    public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private static final Pattern TEXT = Pattern.compile("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}");
    private static final long GROUP_BIT = 1L << 40;

    private MacAddress() {}

    /**
     * Reads {@code 02:00:00:00:00:01}.
     *
     * @throws UsageException if it is not the address of one station
     */
    public static long parse(String option, String text) {
        UsageException.rejectIf(
                !TEXT.matcher(text).matches(), option + " " + text + ": not an address such as 02:00:00:00:00:01");
        long address = Long.parseLong(text.replace(":", ""), 16);
        UsageException.rejectIf(
                address == 0 || isGroup(address), option + " " + text + ": not the address of one station");
        return address;
    }

    /** Whether the address stands for several stations. */
    public static boolean isGroup(long address) {
        return (address & GROUP_BIT) != 0;
    }

    /** The usual text form. */
    public static String format(long address) {
        String hex = String.format(Locale.ROOT, "%012x", address);
        return hex.replaceAll("(..)(?!$)", "$1:");
    }
}
