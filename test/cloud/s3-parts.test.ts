import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOf } from '../../src/local/shell/s3-address.ts';
import { operationOf } from '../../src/local/shell/s3-operation.ts';
import { childOf, childrenOf, readXml, s3Xml, textOf } from '../../src/local/shell/s3-xml.ts';

describe('XML', () => {
  test('any text comes back', () => {
    const text = fc.string({ unit: 'grapheme' }).filter(one => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(one));
    fc.assert(
      fc.property(text, fc.array(text), (one, many) => {
        const document = readXml(s3Xml('Root', { One: one, Inner: { Many: many } }));
        expect(textOf(document, 'One')).toBe(one);
        expect(childrenOf(childOf(document, 'Inner'), 'Many').map(child => child.text)).toEqual(many);
      }),
    );
  });

  test('declarations, comments, prefixes, attributes, CDATA, entities, empty elements', () => {
    const document = readXml(
      '\ufeff<?xml version="1.0"?><!-- a --><s:Root xmlns:s="x"><A b="c>d"/><B><![CDATA[<&>]]>&#65;&#x42;&amp;&lt;</B></s:Root>\n',
    );
    expect(document?.children.map(({ name }) => name)).toEqual(['A', 'B']);
    expect(textOf(document, 'B')).toBe('<&>AB&<');
  });

  test.each([
    '',
    'text',
    '<A>',
    '<A></B>',
    '<A/><B/>',
    '<A><B></A></B>',
    '<!DOCTYPE a [<!ENTITY b "c">]><A>&b;</A>',
    '<A',
    '<A/>x',
    '<A>'.repeat(40) + '</A>'.repeat(40),
  ])('%s is none', text => {
    expect(readXml(text)).toBeUndefined();
  });
});

describe('addresses', () => {
  test.each([
    ['127.0.0.1:9000', '/bucket/a/b%20c', 'bucket', 'a/b c'],
    ['127.0.0.1:9000', '/bucket/', 'bucket', ''],
    ['127.0.0.1:9000', '/bucket', 'bucket', ''],
    ['127.0.0.1:9000', '/', '', ''],
    ['my.bucket.s3.eu-west-1.amazonaws.com', '/a//b', 'my.bucket', 'a//b'],
    ['bucket.s3.amazonaws.com', '/a', 'bucket', 'a'],
    ['bucket.s3-eu-west-1.amazonaws.com', '/a', 'bucket', 'a'],
    ['bucket.s3.dualstack.eu-west-1.amazonaws.com', '/a', 'bucket', 'a'],
    ['bucket.s3.cn-north-1.amazonaws.com.cn', '/a', 'bucket', 'a'],
    ['s3.eu-west-1.amazonaws.com', '/bucket/a', 'bucket', 'a'],
    ['bucket.localhost:9000', '/a', 'bucket', 'a'],
    ['bucket.s3.localhost:9000', '/a', 'bucket', 'a'],
    ['s3.localhost:9000', '/bucket/a', 'bucket', 'a'],
    ['localhost:9000', '/bucket/a', 'bucket', 'a'],
  ])('%s%s', (host, url, bucket, key) => {
    expect(addressOf({ url, headers: { host } })).toMatchObject({ bucket, key });
  });

  test('a broken escape has none', () => {
    expect(addressOf({ url: '/b/%zz', headers: {} })).toBeUndefined();
  });
});

test.each([
  ['GET', '/b/k?versionId=1', {}, 'GetObject'],
  ['GET', '/b?list-type=2&prefix=a', {}, 'ListObjectsV2'],
  ['GET', '/b?list-type=1', {}, undefined],
  ['GET', '/b/k?response-content-type=a', {}, undefined],
  ['GET', '/b/k?acl', {}, undefined],
  ['PUT', '/b/k?partNumber=1&uploadId=x', {}, 'UploadPart'],
  ['PUT', '/b/k', { 'x-amz-tagging': 'a=b' }, undefined],
  ['PUT', '/b/k', { 'x-amz-storage-class': 'GLACIER' }, undefined],
  ['PUT', '/b?policy', {}, 'PutBucketPolicy'],
  ['POST', '/b?delete', {}, 'DeleteObjects'],
  ['PATCH', '/b/k', {}, undefined],
])('%s %s is %s', (method, url, headers, call) => {
  const address = addressOf({ url, headers });
  expect(address && operationOf({ method, url, headers, from: '127.0.0.1' }, address)).toBe(call);
});
