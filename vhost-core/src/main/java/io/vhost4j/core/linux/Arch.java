// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

/** What differs between the supported processor architectures. */
final class Arch {
    private static final String NAME = System.getProperty("os.arch");

    /** Whether this is x86-64; otherwise the numbers of aarch64 (the generic Linux ABI) apply. */
    static final boolean X86_64 = NAME.equals("amd64") || NAME.equals("x86_64");

    private Arch() {}

    /** Whether the numbers and layouts of this package are those of this machine. */
    static boolean supported() {
        return System.getProperty("os.name").equals("Linux") && (X86_64 || NAME.equals("aarch64"));
    }

    /** The value of a constant that the two architectures define differently. */
    static int choose(int x86, int aarch64) {
        return X86_64 ? x86 : aarch64;
    }
}
