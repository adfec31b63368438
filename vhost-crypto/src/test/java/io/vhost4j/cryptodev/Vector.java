// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/** A known answer, see vectors.txt. */
record Vector(
        String kind,
        String algorithm,
        boolean valid,
        byte[] key,
        byte[] iv,
        byte[] aad,
        byte[] message,
        byte[] cipherText,
        byte[] tag,
        String source) {
    static List<Vector> all() {
        try (InputStream in = Vector.class.getResourceAsStream("vectors.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(Vector::of)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Vector of(String line) {
        String[] field = line.split("\\|", -1);
        HexFormat hex = HexFormat.of();
        return new Vector(
                field[0],
                field[1],
                field[2].equals("valid"),
                hex.parseHex(field[3]),
                hex.parseHex(field[4]),
                hex.parseHex(field[5]),
                hex.parseHex(field[6]),
                hex.parseHex(field[7]),
                hex.parseHex(field[8]),
                field[9]);
    }

    @Override
    public String toString() {
        return kind + " " + algorithm + ", " + source;
    }
}
