// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives an emulated network card other PCI subsystem ids. QEMU has no option for it: the ids are changed in the memory of a QEMU whose guest
 * has not run yet, in the copy of configuration space that it keeps for the device. Only for processes that this one has started.
 */
final class SubsystemIds {
    private static final int CONFIG_BYTES = 64;
    private static final int CLASS = 0x0b;
    private static final int NETWORK = 2;
    private static final int SUBSYSTEM = 0x2c;
    /** Guest memory is not looked at. */
    private static final long MOST_BYTES = 256L << 20;

    private static final int RED_HAT = 0x1af4;
    private static final int QEMU_SUBSYSTEM = 0x1100;

    private SubsystemIds() {}

    private record Range(long from, long to) {}

    /**
     * Changes the ids of all cards with a device id.
     *
     * @throws AssertionError if there is none
     */
    static void change(long pid, int deviceId, int subsystemVendor, int subsystem) {
        int found = 0;
        try (RandomAccessFile memory = new RandomAccessFile("/proc/" + pid + "/mem", "rw")) {
            for (Range range : writable(pid)) {
                found += change(memory, range, deviceId, subsystemVendor, subsystem);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("memory of QEMU", e);
        }
        if (found == 0) {
            throw new AssertionError("QEMU has no network card with device id " + Integer.toHexString(deviceId));
        }
    }

    private static List<Range> writable(long pid) throws IOException {
        List<Range> ranges = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/maps"))) {
            String[] words = line.split(" ", 3);
            String[] ends = words[0].split("-");
            if (words[1].startsWith("rw") && words[1].endsWith("p")) {
                Range range = new Range(Long.parseUnsignedLong(ends[0], 16), Long.parseUnsignedLong(ends[1], 16));
                if (range.to() > range.from() && range.to() - range.from() <= MOST_BYTES) {
                    ranges.add(range);
                }
            }
        }
        return ranges;
    }

    private static int change(RandomAccessFile memory, Range range, int deviceId, int subsystemVendor, int subsystem)
            throws IOException {
        byte[] bytes = new byte[(int) (range.to() - range.from())];
        try {
            memory.seek(range.from());
            memory.readFully(bytes);
        } catch (IOException e) {
            return 0; // what cannot be read is no heap
        }
        int found = 0;
        for (int at = 0; at + CONFIG_BYTES <= bytes.length; at += Integer.BYTES) {
            if (u16(bytes, at) == RED_HAT
                    && u16(bytes, at + 2) == deviceId
                    && bytes[at + CLASS] == NETWORK
                    && u16(bytes, at + SUBSYSTEM) == RED_HAT
                    && u16(bytes, at + SUBSYSTEM + 2) == QEMU_SUBSYSTEM) {
                memory.seek(range.from() + at + SUBSYSTEM);
                memory.write(new byte[] {
                    (byte) subsystemVendor, (byte) (subsystemVendor >> 8), (byte) subsystem, (byte) (subsystem >> 8)
                });
                found++;
            }
        }
        return found;
    }

    private static int u16(byte[] bytes, int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8;
    }
}
