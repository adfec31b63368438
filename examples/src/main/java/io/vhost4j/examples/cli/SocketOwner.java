// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whom a socket file is given to.
 *
 * @param uid user id, -1 to leave it
 * @param gid group id, -1 to leave it
 */
public record SocketOwner(int uid, int gid) {
    private static final Path USERS = Path.of("/etc/passwd");
    private static final Path GROUPS = Path.of("/etc/group");
    private static final int ID_FIELD = 2;

    /**
     * Reads {@code USER}, {@code USER:GROUP} or {@code :GROUP}, by name or number.
     *
     * @throws UsageException if there is no such user or group
     */
    public static SocketOwner parse(String option, String text) {
        int colon = text.indexOf(':');
        String user = colon < 0 ? text : text.substring(0, colon);
        String group = colon < 0 ? "" : text.substring(colon + 1);
        UsageException.rejectIf(
                user.isEmpty() && group.isEmpty(), option + " " + text + ": write USER, USER:GROUP or :GROUP");
        return new SocketOwner(
                user.isEmpty() ? -1 : id(option, "user", user, USERS),
                group.isEmpty() ? -1 : id(option, "group", group, GROUPS));
    }

    private static int id(String option, String kind, String name, Path table) {
        if (name.chars().allMatch(Character::isDigit) && name.length() <= 9) {
            return Integer.parseInt(name);
        }
        try (var lines = Files.lines(table)) {
            return lines.map(line -> line.split(":", -1))
                    .filter(fields -> fields.length > ID_FIELD && fields[0].equals(name))
                    .mapToInt(fields -> Integer.parseInt(fields[ID_FIELD]))
                    .findFirst()
                    .orElseThrow(() -> new UsageException(
                            option + ": there is no " + kind + " " + name + "; give a number or a name of " + table));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
