// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.bench.crypto;

import io.vhost4j.core.memory.HostWindow;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts by a crypto back-end as fast as it can, with AES in CBC mode, a key of 128 bits and a given number of requests at a time, as
 * chains of five descriptors in tables as Linux makes them: {@code CryptoLoad SOCKET BYTES AT-A-TIME WARM-UP-SECONDS SECONDS}. Prints the requests per second, and
 * fails if a result is wrong.
 */
public final class CryptoLoad {
    private static final int HEADER = 72;
    private static final int IV = 16;
    private static final int TABLE_BYTES = 5 * 16;
    private static final int SESSION_AT = 8;

    private final LoadFrontEnd frontEnd;
    private final int bytes;
    private final int slots;
    private final int stride;
    private final long used;
    private int availIdx;
    private int usedIdx;

    private CryptoLoad(LoadFrontEnd frontEnd, int bytes, int slots) {
        this.frontEnd = frontEnd;
        this.bytes = bytes;
        this.slots = slots;
        stride = (HEADER + IV + 2 * bytes + 1 + 63) & ~63;
        used = frontEnd.host(LoadFrontEnd.USED);
        for (int slot = 0; slot < slots; slot++) {
            prepare(slot);
        }
    }

    /** Runs the load. */
    public static void main(String[] args) throws GeneralSecurityException {
        int bytes = Integer.parseInt(args[1]);
        int atATime = Integer.parseInt(args[2]);
        if (atATime < 1 || atATime > LoadFrontEnd.SIZE || bytes < 16 || bytes % 16 != 0) {
            throw new IllegalArgumentException("at a time: 1 to " + LoadFrontEnd.SIZE + "; bytes: whole blocks");
        }
        try (LoadFrontEnd frontEnd = LoadFrontEnd.connect(args[0])) {
            CryptoLoad load = new CryptoLoad(frontEnd, bytes, atATime);
            for (int slot = 0; slot < atATime; slot++) {
                load.offer(slot);
            }
            load.publish();
            load.run(Double.parseDouble(args[3]));
            double rate = load.run(Double.parseDouble(args[4]));
            load.verify();
            System.out.printf("%.0f%n", rate);
        }
    }

    private int at(int slot) {
        return LoadFrontEnd.DATA + slot * stride;
    }

    private void prepare(int slot) {
        int at = at(slot);
        long host = frontEnd.host(at);
        HostWindow.setLong(host + SESSION_AT, frontEnd.session());
        HostWindow.setInt(host + 24, IV);
        HostWindow.setInt(host + 28, bytes);
        HostWindow.setInt(host + 32, bytes);
        HostWindow.setInt(host + 64, 1);
        HostWindow.fill(host + HEADER, IV + bytes, slot);
        int table = LoadFrontEnd.TABLES + slot * TABLE_BYTES;
        frontEnd.describe(table, 0, at, HEADER, 1);
        frontEnd.describe(table, 1, at + HEADER, IV, 1);
        frontEnd.describe(table, 2, at + HEADER + IV, bytes, 1);
        frontEnd.describe(table, 3, at + HEADER + IV + bytes, bytes, 3);
        frontEnd.describe(table, 4, at + HEADER + IV + 2 * bytes, 1, 2);
        frontEnd.describe(0, slot, table, TABLE_BYTES, 4);
    }

    private void offer(int slot) {
        frontEnd.offer(availIdx++, slot);
    }

    private void publish() {
        HostWindow.setShortRelease(frontEnd.host(LoadFrontEnd.AVAIL + 2), availIdx & 0xFFFF);
    }

    /** Keeps all requests going for a time; returns how many were done in a second. */
    private double run(double seconds) {
        long started = System.nanoTime();
        long limit = started + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        long done = 0;
        long now = started;
        while (now < limit) {
            int fresh = HostWindow.getShortAcquire(used + 2) - usedIdx & 0xFFFF;
            for (int i = 0; i < fresh; i++) {
                int entry = (usedIdx + i) % LoadFrontEnd.SIZE;
                offer(HostWindow.getInt(used + 4 + 8L * entry));
            }
            if (fresh > 0) {
                usedIdx = usedIdx + fresh & 0xFFFF;
                publish();
                done += fresh;
            } else {
                Thread.onSpinWait();
            }
            now = System.nanoTime();
        }
        return done * (double) TimeUnit.SECONDS.toNanos(1) / (now - started);
    }

    private void verify() throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
        for (int slot = 0; slot < slots; slot++) {
            byte[] source = new byte[bytes];
            Arrays.fill(source, (byte) slot);
            byte[] iv = new byte[IV];
            Arrays.fill(iv, (byte) slot);
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(new byte[16], "AES"), new IvParameterSpec(iv));
            byte[] found = new byte[bytes];
            HostWindow.copy(frontEnd.host(at(slot) + HEADER + IV + bytes), found, 0, bytes);
            if (!Arrays.equals(cipher.doFinal(source), found)) {
                throw new IllegalStateException("wrong result of request " + slot + ", status "
                        + HostWindow.getByte(frontEnd.host(at(slot) + HEADER + IV + 2 * bytes)));
            }
        }
    }
}
